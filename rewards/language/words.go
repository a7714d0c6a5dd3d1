package language

// Function words: articles, pronouns, prepositions, conjunctions, auxiliaries
// and the connectives of reasoning. Words of two letters or more, lower case.
const (
	english = `the of and to in is it that for on as with this be by are from or an not have has had but we you they he she
		which will would can could should if then so there their its our your my his her was were been do does did what when
		where how why all each every both few more most other some such no nor only own same than too very just let now first
		next finally because since therefore thus hence while after before between into through about against get gives here
		also any these those at one must may might up out`
	german = `der die das und ist in zu den dem des ein eine einen einem einer eines nicht mit auf für von sich auch als an
		es wir ihr sie ich du er aus bei nach wie wenn dann so oder aber nur noch werden wird wurde war sind hat haben hatte
		kann können muss müssen soll sollte im am zum zur vom beim durch über unter zwischen gegen ohne um bis weil da dass
		daher also deshalb damit jetzt zuerst schließlich hier dort diese dieser dieses jede jeder jedes alle kein keine mehr
		sehr schon doch man was wer wo warum welche welcher lass gilt ergibt`
	french = `le la les de des du un une et est en que qui dans pour pas sur au aux avec ce cette ces il elle nous vous ils
		elles on je tu son sa ses leur leurs notre votre mais ou où donc or ni car par plus moins ne se sont été être avoir
		avait était fait faire peut peuvent doit si alors comme quand tout tous toute toutes même aussi très ainsi puis
		ensuite enfin parce entre sans sous après avant chaque quel quelle ici là cela ça dont lui moi soit ont obtient`
	spanish = `el la los las de del un una unos unas y es en que por para con no se su sus al lo como más pero este esta
		esto estos estas ese esa eso son era fue ser estar está están hay tiene tienen puede pueden debe si entonces cuando
		donde porque pues así también muy ya sin sobre entre hasta desde cada todo todos toda todas otro otra nos nosotros
		ellos ellas yo tú él ella usted mi tu le les me te qué quién cuál cómo primero luego después finalmente ahora aquí
		allí mismo menos ni o u e tenemos obtenemos`
	italian = `il lo la gli le di del della dei delle degli un uno una e è in che per non con su si da dal dalla al alla ai
		alle nel nella sono era essere avere ha hanno abbiamo può possono deve se allora quando dove perché quindi così
		anche molto più meno ma o né come questo questa questi queste quello quella ogni tutto tutti tutte tutta suo sua
		suoi loro noi voi io tu lui lei ci vi mi ti ora poi infine prima dopo qui lì tra fra senza sopra sotto stesso dunque
		cui sia otteniamo`
	portuguese = `o a os as de do da dos das um uma e é em no na nos nas que por para com não se seu sua seus suas ao à aos
		pelo pela mais mas como este esta isto esse essa isso são era foi ser estar está estão há tem têm pode podem deve
		então quando onde porque pois assim também muito já sem sobre entre até desde cada todo todos toda todas outro outra
		nós eles elas eu tu ele ela você meu minha lhe me te qual quem primeiro depois finalmente agora aqui ali mesmo menos
		nem ou temos obtemos`
	dutch = `de het een en is van in te dat die op voor met zijn aan er niet ook als bij om door uit naar over maar nog dan
		of wel geen hij zij ze wij we ik je jij jullie hun hem haar mijn ons onze dit deze was waren wordt worden werd heeft
		hebben had kan kunnen moet moeten zal zullen zou tot tegen tussen zonder onder na nu dus daarom omdat want toen
		wanneer waar wat wie hoe waarom welke elke alle alles meer meest zeer heel al eerst vervolgens tenslotte hier daar
		zo krijgen`
)
